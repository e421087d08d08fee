/** The operator's to put right: a setting, a file or a port that is not as it must be. The message says what to do. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
}
