// What a job says of itself in its environment, read once.
import type { Environment } from "./identity.ts";
import type { JobFacts } from "./runner.ts";

/** The facts of the job whose environment this is. */
export function readJob(environment: Environment): JobFacts {
  const text = (name: string): string | undefined => {
    const value = environment[name] ?? "";
    return value === "" ? undefined : value;
  };
  return {
    name: text("CI_JOB_NAME") ?? text("GITHUB_JOB") ?? "",
    startedOn: readTime(text("CI_JOB_STARTED_AT")),
    eventPath: text("GITHUB_EVENT_PATH"),
    artifactsList: text("GITHUB_ARTIFACTS_LIST"),
    registries: {
      environment: Object.fromEntries(Object.entries(environment).filter(isForHelpers)),
      home: text("HOME") ?? text("USERPROFILE"),
    },
    gitHub: {
      repository: text("GITHUB_REPOSITORY"),
      apiUrl: text("GITHUB_API_URL"),
      serverUrl: text("GITHUB_SERVER_URL"),
      eventName: text("GITHUB_EVENT_NAME"),
      actor: text("GITHUB_ACTOR"),
      resultsUrl: text("ACTIONS_RESULTS_URL"),
      runtimeToken: text("ACTIONS_RUNTIME_TOKEN"),
    },
  };
}

/** Credential helpers are other people's programs: inputs and the job's own tokens are not theirs. */
function isForHelpers([name]: readonly [string, string | undefined]): boolean {
  return !/^(?:INPUT_|SIGSTEP_|ACTIONS_|SIGSTORE_ID_TOKEN$)/i.test(name);
}

function readTime(text: string | undefined): Date | undefined {
  const time = new Date(text ?? "");
  return Number.isNaN(time.getTime()) ? undefined : time;
}
