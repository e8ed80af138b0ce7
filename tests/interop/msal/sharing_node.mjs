// Speaks for MSAL Node and its extensions, as sharing.py says. The argument is the folder whose node_modules has them.

import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { Provider } from "./provider.mjs";

const require = createRequire(join(resolve(process.argv[2]), "package.json"));
const { PublicClientApplication } = require("@azure/msal-node");
const { FilePersistence, LibSecretPersistence, PersistenceCachePlugin } = require("@azure/msal-node-extensions");

/**
 * The clock of the system in nanoseconds. Node tells it in milliseconds only, and its finer clock does not follow where that
 * one is set right: so the two are compared at the turn of a millisecond, before each entry.
 */
class Clock {
    #offset = 0n;

    compare() {
        const start = Date.now();
        let turn;
        do {
            turn = Date.now();
        } while (turn === start);
        this.#offset = BigInt(turn) * 1_000_000n - process.hrtime.bigint();
    }

    now() {
        return Number(process.hrtime.bigint() + this.#offset);
    }
}

const clock = new Clock();
const now = () => clock.now();

/** The scopes of the access tokens in this text; null where it is not whole. */
function idsOf(text) {
    try {
        const tokens = (text ? JSON.parse(text) : {}).AccessToken ?? {};
        return Object.values(tokens).map((entry) => entry.target).sort();
    } catch {
        return null;
    }
}

/** Note each load and save of this store. */
function watch(store, log) {
    const { load, save } = store;
    store.load = async () => {
        const before = now();
        const text = await load.call(store);
        log.push({ op: "load", before, after: now(), ids: idsOf(text) });
        return text;
    };
    store.save = async (text) => {
        const before = now();
        await save.call(store, text);
        log.push({ op: "save", before, after: now(), ids: idsOf(text) });
    };
    return store;
}

/** Each method is a command. */
class Driver {
    #log = [];
    #store;
    #plugin;
    #provider = new Provider();
    #applications = new Map();

    async open({ layout }) {
        const { kind, path, service, account } = layout;
        const store =
            kind === "file"
                ? await FilePersistence.create(path)
                : await LibSecretPersistence.create(path, service, account);
        this.#store = watch(store, this.#log);
        this.#plugin = new PersistenceCachePlugin(this.#store);
        this.#applications.clear();
    }

    /** One application with its own cache in memory for each client. */
    #application(client, host) {
        if (!this.#applications.has(client)) {
            const application = new PublicClientApplication({
                auth: { clientId: client, authority: `https://${host}/t1`, knownAuthorities: [host] },
                cache: { cachePlugin: this.#plugin },
                system: { networkClient: this.#provider },
            });
            this.#applications.set(client, application);
        }
        return this.#applications.get(client);
    }

    async add({ event }) {
        const application = this.#application(event.client_id, new URL(event.token_endpoint).host);
        this.#provider.answer = event.response;
        await application.acquireTokenByRefreshToken({ refreshToken: "known", scopes: event.scope, forceCache: true });
    }

    async list({ client = "c1", environment = "login.microsoftonline.com" }) {
        const cache = this.#application(client, environment).getTokenCache();
        await cache.getAllAccounts();
        return JSON.parse(cache.serialize());
    }

    async remove_account({ home, environment, client }) {
        const cache = this.#application(client, environment).getTokenCache();
        const accounts = await cache.getAllAccounts();
        await cache.removeAccount(accounts.find((account) => account.homeAccountId === home));
    }

    async load() {
        return (await this.#store.load()) || null;
    }

    async save({ text }) {
        await this.#store.save(text);
    }

    async modified() {
        return (await this.#store.timeLastModified?.()) ?? null;
    }

    async loop({ writer, count, seconds, event, pause = 0 }) {
        const end = performance.now() + seconds * 1000;
        let added = 0;
        for (let number = 0; number < count && performance.now() < end; number++) {
            clock.compare();
            const [id, before] = [`${writer}.${number}`, now()];
            try {
                await this.add({ event: { ...event, scope: [id], response: { ...event.response, scope: id } } });
                this.#log.push({ op: "added", before, after: now(), id });
                added++;
            } catch (error) {
                this.#log.push({ op: "failed", before, after: now(), id, error: String(error) });
            }
            await sleep(pause * 1000 * Math.random());
        }
        return { added, log: this.#log.splice(0) };
    }
}

const driver = new Driver();
for await (const line of createInterface({ input: process.stdin })) {
    const { do: name, ...argument } = JSON.parse(line);
    let answer;
    try {
        answer = { ok: (await driver[name](argument)) ?? null };
    } catch (error) {
        console.error(error);
        answer = { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
