import type { AgreementProtocol } from "../../agreement/agreement.ts";
import type { InstanceId } from "../../kernel/ids.ts";

/** Which protocols disseminate and order: the paper's four variants are data. */
export interface DqbftRecipe {
  readonly disseminate: AgreementProtocol;
  readonly order: AgreementProtocol;
}

/** The address of the composition itself, beside those of its instances. */
export const COMPOSITION: InstanceId = 0xfffe;
