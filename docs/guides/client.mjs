#!/usr/bin/env node
// A client that knows nothing but rpc.discover: it reads the node's OpenRPC document, makes a
// function of every method, and shows how they are used. No dependency; node 18 or later.
//
// usage: client.mjs [URL [ADMIN_URL TOKEN]]
//   URL        default http://127.0.0.1:26601
//   ADMIN_URL  the admin port of a devnet's node, TOKEN from its file api.token: asks the faucet

/** Asks once; throws an Error with the node's own name and hint. */
async function send(url, headers, method, params) {
    const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const answer = await response.json();
    if (answer.error === undefined) {
        return answer.result;
    }
    const { name, hint } = answer.error.data ?? answer.error;
    const error = new Error(`${method}: ${answer.error.message} (${hint})`);
    error.name = name;
    throw error;
}

/** An object with a function for every method: `chain_getBlock` is api.chain.getBlock(...). */
export async function connect(url, headers = {}) {
    const document = await send(url, headers, "rpc.discover", {});
    const api = { document };
    for (const method of document.methods) {
        const [space, name] = method.name.split(/[._]/);
        const required = method.params.filter((param) => param.required).length;
        const call = async (...args) => {
            if (args.length < required || args.length > method.params.length) {
                const names = method.params.map((param) => param.name).join(", ");
                throw new TypeError(`${method.name}(${names}): ${method.summary}`);
            }
            return send(url, headers, method.name, args);
        };
        api[space] = { ...api[space], [name]: call };
    }
    return api;
}

async function main([url = "http://127.0.0.1:26601", adminUrl, token]) {
    const node = await connect(url);
    const info = await node.node.info();
    const head = await node.chain.head();
    console.log(`node ${info.moniker} (${info.version}), chain ${info.chainId}`);
    console.log(`${node.document.methods.length} methods, head at height ${head.height}`);
    if (adminUrl === undefined) {
        return;
    }
    const admin = await connect(adminUrl, { Authorization: `Bearer ${token}` });
    const { accounts } = await admin.dev.accounts();
    const to = accounts[1].address;
    const before = (await node.account.get(to)).balance;
    const { id } = await admin.dev.faucet(to, "1000000000");
    const status = await node.tx.wait(id);
    const after = (await node.account.get(to)).balance;
    console.log(`faucet ${id}: ${status.receipt.status} in block ${status.height}`);
    console.log(`balance of ${to}: ${before} -> ${after}`);
}

if (process.argv[1] !== undefined && import.meta.url.endsWith(process.argv[1].split("/").pop())) {
    main(process.argv.slice(2)).catch((error) => {
        console.error(`${error.name}: ${error.message}`);
        process.exitCode = 1;
    });
}
