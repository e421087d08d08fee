// Prints "passed failed" from vitest's JSON report. A run that failed counts at least one failure: a file that could
// not even be loaded has no failed test, and a run that was killed leaves no report.
import { existsSync, readFileSync } from "node:fs";

const [report, status] = process.argv.slice(2);
let passed = 0;
let failed = 0;
if (existsSync(report)) {
  const { numPassedTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
  passed = numPassedTests;
  for (const { status: fileStatus, assertionResults } of testResults) {
    const failures = assertionResults.filter((test) => test.status === "failed").length;
    failed += fileStatus === "failed" ? Math.max(failures, 1) : failures;
  }
}
if (status !== "0") failed = Math.max(failed, 1);
process.stdout.write(`${passed} ${failed}\n`);
