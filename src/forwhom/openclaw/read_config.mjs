// Tells forwhom, as JSON, what OpenClaw itself makes of a configuration: the file with its includes, what is
// wrong with it, and in which session a direct message of somebody is put. Arguments: OpenClaw's package,
// the channel, the dmScope to use in place of the configured one ("" for that), the agent ("" for the only
// one). Reads the file that OPENCLAW_CONFIG_PATH names; what it writes, it writes into OPENCLAW_STATE_DIR.
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [root, channel, dmScope, wanted] = process.argv.slice(2);
const sdk = (name) => import(pathToFileURL(join(root, "dist", "plugin-sdk", name)).href);
const { readConfigFileSnapshotForWrite, resolveDefaultAgentId } = await sdk("config-runtime.js");
const { resolveAgentRoute } = await sdk("routing.js");
const { snapshot } = await readConfigFileSnapshotForWrite();
const config = snapshot.sourceConfig ?? {};
const names = Object.keys(config.agents?.entries ?? {});
let agent = wanted;
try {
  agent ||= resolveDefaultAgentId(config);
} catch {
  agent ||= "";
}
const cfg = { ...config, session: { ...config.session, ...(dmScope ? { dmScope } : {}) } };
const route = (id) => resolveAgentRoute({ cfg, channel, peer: { kind: "direct", id } });
const [one, other] = agent ? [route("forwhom-one"), route("forwhom-other")] : [{}, {}];
process.stdout.write(
  JSON.stringify({
    config,
    valid: snapshot.valid,
    issues: [...(snapshot.issues ?? []), ...(snapshot.legacyIssues ?? [])].map((i) => `${i.path ?? ""}: ${i.message}`),
    agent,
    agents: names,
    scope: one.dmScope ?? "",
    keys: [one.sessionKey ?? "", other.sessionKey ?? ""],
  }),
);
