// Speaks for the extensions of MSAL Node on Windows:
//
//   dpapi.mjs MODULES save FILE [ENTROPY]    what is on standard input becomes the cache in the file
//   dpapi.mjs MODULES load FILE [ENTROPY]    the cache in the file goes to standard output; nothing is `null`
//   dpapi.mjs MODULES create FILE            what `create` alone does
//
// MODULES is the folder whose node_modules has the peer. Its class is imported by file, since the package as a whole also
// loads keytar, whose binary comes from no registry.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, what, file, entropy] = process.argv.slice(2);
const extensions = join(resolve(modules), "node_modules", "@azure", "msal-node-extensions", "dist");
const load = (name) => import(pathToFileURL(join(extensions, "persistence", `${name}.mjs`)));

const { FilePersistenceWithDataProtection } = await load("FilePersistenceWithDataProtection");
const { DataProtectionScope } = await load("DataProtectionScope");
const cache = await FilePersistenceWithDataProtection.create(file, DataProtectionScope.CurrentUser, entropy);

if (what === "save") {
    await cache.save(readFileSync(0, "utf-8"));
} else if (what === "load") {
    process.stdout.write(JSON.stringify(await cache.load()));
} else if (what !== "create") {
    throw new Error(`what is ${what}?`);
}
