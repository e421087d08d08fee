import type { View } from "./ids.ts";

/** Number of a configuration, 0 at genesis: which trusted subsystems the replicas have (hybster.md 10.1). */
export type Configuration = number;

/** Configurations that a cluster can have after the first. */
export const CONFIGURATION_MAX: Configuration = 2 ** 16 - 1;

const VIEWS_MAX = 2 ** 32;

/**
 * Views of one configuration of n replicas: a multiple of n, so that `(home + view) mod n` is the primary in all of them. The
 * number of a view holds its configuration, and is ordered as (configuration, view within it).
 */
export function viewsPerConfiguration(n: number): number {
  return VIEWS_MAX - (VIEWS_MAX % n);
}

/** The configuration that a view belongs to. */
export function configurationOf(view: View, n: number): Configuration {
  return Math.floor(view / viewsPerConfiguration(n));
}

/** The first view of a configuration. */
export function firstViewOf(configuration: Configuration, n: number): View {
  return configuration * viewsPerConfiguration(n);
}

/** The view of another configuration that has the same place in it. */
export function sameViewIn(view: View, configuration: Configuration, n: number): View {
  return firstViewOf(configuration, n) + (view % viewsPerConfiguration(n));
}
