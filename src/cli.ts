#!/usr/bin/env node
// Entry: the command line, on GitLab, any other CI or a laptop.
import { runCli } from "./entry.ts";

await runCli();
