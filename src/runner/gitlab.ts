// GitLab CI/CD: as anywhere, with its own way to declare an identity.
import { gitLabIdentityAbsent } from "./absent-identity.ts";
import { GenericRunner } from "./generic.ts";

/** A GitLab job. */
export class GitLabRunner extends GenericRunner {
  override readonly name = "gitlab";

  protected override identityAbsent(audience: string): Promise<Error> {
    return Promise.resolve(gitLabIdentityAbsent(audience));
  }
}
