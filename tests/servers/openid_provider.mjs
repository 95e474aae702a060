// See openid.sh.
import { Provider } from "oidc-provider";

const { PORT, REDIRECT } = process.env;
const provider = new Provider(`http://localhost:${PORT}`, {
  clients: [{ client_id: "hub", client_secret: "kit-secret", redirect_uris: [REDIRECT] }],
  pkce: { required: () => true },
  findAccount: (_context, id) => ({
    accountId: id,
    // What it says of an address counts for nothing.
    claims: () => ({ sub: id, email: "ann@example.org", email_verified: true }),
  }),
});
provider.listen(Number(PORT), "127.0.0.1");
