import { countCourses } from "./counting.ts";
import type { Course } from "./course.ts";
import { exists } from "./protocols.ts";
import type { Specification, Specifications } from "./specification.ts";
import { FIG2 } from "./specifications/fig2.ts";
import { FIG7 } from "./specifications/fig7.ts";
import { FIG8, FIG9 } from "./specifications/fig8.ts";
import { FIG10 } from "./specifications/fig10.ts";
import { sweepCourses } from "./sweep.ts";
import { timelineCourses } from "./timeline.ts";

/** The figures that can be regenerated. */
export const FIGURES = ["fig2", "fig3", "fig7", "fig8", "fig9", "fig10"] as const;
export type FigureName = (typeof FIGURES)[number];

/** What each figure runs; Figure 3 runs nothing. */
export const SPECIFICATIONS: Readonly<Record<FigureName, Specifications | null>> = {
  fig2: FIG2,
  fig3: null,
  fig7: FIG7,
  fig8: FIG8,
  fig9: FIG9,
  fig10: FIG10,
};

/** The courses of a specification, for the protocols that exist. */
export function coursesOf(specification: Specification): Course[] {
  switch (specification.kind) {
    case "sweep":
      return sweepCourses(specification);
    case "timeline":
      return timelineCourses(specification);
    case "count":
      return countCourses(specification);
  }
}

/** The same for these protocols alone, whether or not the specification names them. */
export function restrictedTo<S extends Specification>(specification: S, protocols: readonly string[]): S {
  return { ...specification, protocols };
}

/** Protocols that a specification names and the catalogue does not have yet. */
export function missingFrom({ protocols }: Specification): string[] {
  return protocols.filter((name) => !exists(name));
}
