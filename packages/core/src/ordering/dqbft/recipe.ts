import type { AgreementProtocol } from "../../agreement/agreement.ts";

/** Which protocols disseminate and order: the paper's four variants are data. */
export interface DqbftRecipe {
  readonly disseminate: AgreementProtocol;
  readonly order: AgreementProtocol;
}
