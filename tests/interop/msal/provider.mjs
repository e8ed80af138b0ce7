// What answers MSAL Node in place of the network.

/** An identity provider that gives the answer it was told, or refuses; it notes which refresh tokens it saw. */
export class Provider {
    constructor(answer) {
        this.answer = answer;
        this.seen = [];
    }

    async sendGetRequestAsync(url) {
        const base = url.split("/v2.0/")[0];
        const endpoint = (name) => `${base}/oauth2/v2.0/${name}`;
        return {
            status: 200,
            headers: {},
            body: {
                authorization_endpoint: endpoint("authorize"),
                token_endpoint: endpoint("token"),
                end_session_endpoint: endpoint("logout"),
                issuer: `${base}/v2.0`,
                jwks_uri: `${base}/keys`,
            },
        };
    }

    async sendPostRequestAsync(_url, options) {
        this.seen.push(new URLSearchParams(options.body).get("refresh_token"));
        const refused = { error: "invalid_grant", error_description: "refused" };
        return this.answer
            ? { status: 200, headers: {}, body: this.answer }
            : { status: 400, headers: {}, body: refused };
    }
}
