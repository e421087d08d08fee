// Which way imports may point (ARCHITECTURE.md, "Layers"). Every rule says why, because a violation prints it.

const TESTS = "\\.(test|bench)\\.ts$|^(tests|examples)/";
const CORE = "^packages/core/src/";

/** A package's sources may import these workspaces and no other. */
const packageMayImport = {
  crypto: ["core"],
  client: ["core", "crypto"],
  simulator: ["core", "crypto"],
  check: ["core", "crypto", "simulator"],
  node: ["core", "crypto", "client"],
  experiments: ["core", "crypto", "client", "simulator", "check", "node"],
  cli: ["core", "crypto", "client", "simulator", "check", "node", "experiments"],
  testkit: ["core", "crypto", "client", "simulator", "check", "node", "experiments"],
};

/** A part of the core, a folder or a file, may import these parts of the core and no other. */
const corePartMayImport = {
  kernel: [],
  parameters: ["kernel"],
  wire: ["kernel"],
  effects: ["kernel", "wire"],
  service: ["kernel", "wire"],
  agreement: ["kernel", "wire", "effects"],
  ordering: ["kernel", "parameters", "wire", "effects", "agreement"],
  replica: ["kernel", "parameters", "wire", "effects", "service", "agreement", "ordering"],
};

const betweenPackages = Object.entries(packageMayImport).map(([name, allowed]) => ({
  name: `package-${name}`,
  comment: `${name} imports ${allowed.join(", ") || "no other package"}: core <- crypto <- {simulator <- check, node, client} <- experiments <- cli`,
  severity: "error",
  from: { path: `^packages/${name}/src/`, pathNot: TESTS },
  to: { path: "^packages/[^/]+/", pathNot: `^packages/(${[name, ...allowed].join("|")})/` },
}));

const insideCore = Object.entries(corePartMayImport).map(([name, allowed]) => ({
  name: `core-${name}`,
  comment: `core/${name} imports ${allowed.join(", ") || "nothing else of the core"}: kernel <- wire <- effects <- agreement <- ordering <- replica <- catalogue`,
  severity: "error",
  from: { path: `${CORE}${name}(/|\\.ts$)`, pathNot: TESTS },
  to: { path: CORE, pathNot: `${CORE}(${[name, ...allowed].join("|")})(/|\\.ts$)` },
}));

export default {
  forbidden: [
    ...betweenPackages,
    ...insideCore,
    {
      name: "core-agreements-are-strangers",
      comment: "One agreement never imports another; what two share is agreement/shared/.",
      severity: "error",
      from: { path: `${CORE}agreement/([^/]+)/`, pathNot: TESTS },
      to: { path: `${CORE}agreement/[^/]+/`, pathNot: `${CORE}agreement/($1|shared)/` },
    },
    {
      name: "core-interface-knows-no-agreement",
      comment: "The interface that all agreements have in common names none of them.",
      severity: "error",
      from: { path: `${CORE}agreement/[^/]+$`, pathNot: TESTS },
      to: { path: `${CORE}agreement/[^/]+/`, pathNot: `${CORE}agreement/shared/` },
    },
    {
      name: "core-ordering-knows-the-interface-only",
      comment: "An ordering is generic: it imports agreement/agreement.ts, never a particular agreement.",
      severity: "error",
      from: { path: `${CORE}ordering/`, pathNot: TESTS },
      to: { path: `${CORE}agreement/`, pathNot: `${CORE}agreement/[^/]+$` },
    },
    {
      name: "core-only-the-catalogue-knows-protocols",
      comment: "A replica runs any protocol: it imports the interfaces, and catalogue.ts chooses.",
      severity: "error",
      from: { path: `${CORE}replica/`, pathNot: TESTS },
      to: { path: `${CORE}(agreement|ordering)/[^/]+/`, pathNot: `${CORE}(agreement|ordering)/shared/` },
    },
    {
      name: "core-is-pure",
      comment:
        "The core imports no other package, no node: module, no third-party code: any driver can run it.",
      severity: "error",
      from: { path: CORE, pathNot: TESTS },
      to: { pathNot: CORE },
    },
    {
      name: "testkit-for-tests-only",
      comment: "Nothing that ships depends on the test harness.",
      severity: "error",
      from: { pathNot: [TESTS, "^packages/testkit/"] },
      to: { path: "^packages/testkit/" },
    },
    {
      name: "no-import-of-tests",
      comment: "A test file is nobody's library: what tests share belongs to testkit.",
      severity: "error",
      from: {},
      to: { path: "\\.(test|bench)\\.ts$" },
    },
    {
      name: "no-import-of-build-output",
      comment: 'Sources import sources: the "source" condition of the exports map leads there.',
      severity: "error",
      from: { path: "/src/" },
      to: { path: "^(packages|examples|tests)/.*/dist/" },
    },
    {
      name: "no-cycles",
      comment: "Two modules that need each other are one module, or need a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphans",
      comment: "A module that imports nothing and that nobody imports is dead.",
      severity: "error",
      from: { orphan: true, pathNot: [TESTS, "\\.d\\.ts$", "\\.config\\.ts$", "^tools/"] },
      to: {},
    },
    {
      name: "no-unresolvable",
      comment: "The import leads nowhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-undeclared-package",
      comment: "A package that a workspace imports stands in that workspace's package.json.",
      severity: "error",
      from: { pathNot: TESTS },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules|/dist/" },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["source", "import", "node", "default", "types"],
      extensions: [".ts", ".js", ".mjs", ".json", ".d.ts"],
      mainFields: ["module", "main", "types"],
    },
  },
};
