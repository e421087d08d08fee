declare module "fs-native-extensions" {
  /**
   * Takes an advisory lock on the open file, or says that another holder has it. Gone when the file is
   * closed.
   */
  export function tryLock(fd: number, options?: { readonly shared?: boolean }): boolean;
}
