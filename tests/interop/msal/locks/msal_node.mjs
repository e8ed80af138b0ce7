// The real lock of MSAL Node (@azure/msal-node-extensions): a new `CrossPlatformLock` for each section, locked and unlocked
// once, so that it never deletes the file of another. With `--plugin` one for all sections, which is unlocked once more
// after each, as its cache plugin does after an access that needed no lock: that deletes whatever file is there.
//
// The arguments and answers are those of section.py; the last argument is the folder of its modules.

import { open, readFile, readdir, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const [path, folder, kind, sections, modules, ...options] = process.argv.slice(2);
const file = "node_modules/@azure/msal-node-extensions/dist/lock/CrossPlatformLock.mjs";
const { CrossPlatformLock } = await import(pathToFileURL(resolve(modules, file)));
const silent = { info() {}, warning() {}, error() {} };
const asPlugin = options.includes("--plugin");

const say = (...words) => process.stdout.write(`${words.join(" ")}\n`);
const newLock = () => new CrossPlatformLock(path, silent);
const others = async (name) => (await readdir(folder)).filter((other) => other !== name);
const isHeld = async () => (await readFile(path, "utf8").catch(() => "")) === `${process.pid}`;

async function inside(name) {
    await (await open(join(folder, name), "wx")).close();
    const met = await others(name);
    await sleep(3);
    return [...new Set([...met, ...(await others(name))])];
}

say("ready");
await new Promise((go) => createInterface({ input: process.stdin }).once("line", go));
let lock = newLock();
for (let number = 0; number < Number(sections); number++) {
    await sleep(Math.random() * 30);
    const name = `${kind}.${process.pid}.${number}`;
    const started = performance.now();
    await lock.lock();
    const waited = Math.round(performance.now() - started);
    const met = await inside(name);
    const held = await isHeld();
    await unlink(join(folder, name));
    await lock.unlock();
    say("section", name, Number(held), waited, ...met);
    if (asPlugin) {
        await sleep(Math.random() * 30);
        await lock.unlock();
    } else {
        lock = newLock();
    }
}
process.exit();
