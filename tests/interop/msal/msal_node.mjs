// Speaks for MSAL Node, as msal_python.py does for MSAL Python: a command on each line of standard input, its answer on a
// line of standard output, both JSON. The argument is the folder whose node_modules has the peer.
//
// Nothing here goes to the network: `Provider` answers in its place.

import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

import { Provider } from "./provider.mjs";

const require = createRequire(join(resolve(process.argv[2]), "package.json"));
const { PublicClientApplication, ConfidentialClientApplication } = require("@azure/msal-node");

/** Each method is a command. */
class Peer {
    #application;
    #provider = new Provider();

    /** A new application, with an empty cache. */
    async open({ client, authority, secret }) {
        const Application = secret ? ConfidentialClientApplication : PublicClientApplication;
        this.#application = new Application({
            auth: { clientId: client, authority, clientSecret: secret, knownAuthorities: [new URL(authority).host] },
            system: { networkClient: this.#provider },
        });
    }

    async deserialize({ text }) {
        this.#application.getTokenCache().deserialize(text);
    }

    async serialize() {
        return this.#application.getTokenCache().serialize();
    }

    async accounts() {
        return this.#application.getTokenCache().getAllAccounts();
    }

    async sign_out({ account }) {
        await this.#application.getTokenCache().removeAccount(await this.#account(account));
    }

    /** A sign-in, as far as the cache sees it: the answer of the provider is added. */
    async sign_in({ answer, scopes }) {
        this.#provider.answer = answer;
        const result = await this.#application.acquireTokenByRefreshToken({
            refreshToken: "from elsewhere",
            scopes,
            forceCache: true,
        });
        return result.accessToken;
    }

    async client_credentials({ answer, scopes }) {
        this.#provider.answer = answer;
        const result = await this.#application.acquireTokenByClientCredential({ scopes });
        return result.accessToken;
    }

    /** acquireTokenSilent: the token it returns, and the refresh tokens it tried. */
    async silent({ account, scopes, answer, force }) {
        Object.assign(this.#provider, { answer, seen: [] });
        const request = { account: await this.#account(account), scopes, forceRefresh: Boolean(force) };
        const result = await this.#application.acquireTokenSilent(request).catch((error) => ({ error: String(error) }));
        return { token: result.accessToken ?? null, error: result.error ?? null, tried: this.#provider.seen };
    }

    async #account(home) {
        const accounts = await this.#application.getTokenCache().getAllAccounts();
        return accounts.find((account) => account.homeAccountId === home) ?? { homeAccountId: home };
    }
}

const peer = new Peer();
for await (const line of createInterface({ input: process.stdin })) {
    const { do: name, ...argument } = JSON.parse(line);
    let answer;
    try {
        answer = { ok: (await peer[name](argument)) ?? null };
    } catch (error) {
        answer = { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
