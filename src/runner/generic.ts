// Any CI or a laptop: inputs and identity from the environment, lines to one stream.
import type { Http } from "../services/http.ts";
import { identityAbsent } from "./absent-identity.ts";
import { findIdentityToken, type Environment } from "./identity.ts";
import type { Printer } from "./printer.ts";
import { environmentName, type Runner } from "./runner.ts";

/** A run outside the CIs that we know by name. */
export class GenericRunner implements Runner {
  readonly name: Runner["name"] = "generic";
  protected readonly environment: Environment;
  protected readonly printer: Printer;

  constructor(environment: Environment, printer: Printer) {
    this.environment = environment;
    this.printer = printer;
  }

  input(name: string): string {
    return this.environment[environmentName(name)] ?? "";
  }

  async identityToken(audience: string, http: Http): Promise<string> {
    const hide = (secret: string): void => this.secret(secret);
    const token = await findIdentityToken({ environment: this.environment, audience, http, hide });
    if (token === undefined) throw await this.identityAbsent(audience);
    return token;
  }

  /** Why there is none here. */
  protected identityAbsent(audience: string): Promise<Error> {
    return Promise.resolve(identityAbsent(audience));
  }

  secret(value: string): void {
    this.printer.hide(value);
  }

  redact(text: string, lookalikes?: "keep"): string {
    return lookalikes === "keep" ? this.printer.redactKnown(text) : this.printer.redact(text);
  }

  info(lines: string): void {
    this.printer.print(lines);
  }

  fail(lines: string): void {
    this.printer.print(lines);
  }

  output: Runner["output"] = () => Promise.resolve();

  summary: Runner["summary"] = () => Promise.resolve();
}
