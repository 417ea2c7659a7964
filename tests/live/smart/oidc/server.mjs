// A strict SMART authorization server for tests: oidc-provider, and what SMART App Launch adds to OpenID Connect.
// Arguments by environment: PORT, REDIRECT_URI, JWKS (the client's public keys, as JSON).
import Provider from 'oidc-provider';

const { PORT, REDIRECT_URI, JWKS } = process.env;
const issuer = `http://127.0.0.1:${PORT}`;
const fhirBase = `${issuer}/fhir`;
const patient = 'p1';

const client = (id, algorithm) => ({
  client_id: id,
  redirect_uris: [REDIRECT_URI],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  response_types: ['code'],
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: algorithm,
  jwks: JSON.parse(JWKS),
});

const provider = new Provider(issuer, {
  clients: [client('milepost', 'ES384'), client('milepost-rsa', 'RS384')],
  scopes: ['openid', 'fhirUser', 'online_access', 'launch', 'launch/patient', 'patient/Patient.r', 'system/Patient.rs'],
  claims: { openid: ['sub'], fhirUser: ['fhirUser'] },
  conformIdTokenClaims: false,
  clientAuthMethods: ['private_key_jwt'],
  enabledJWA: { clientAuthSigningAlgValues: ['RS384', 'ES384'] },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: (ctx, asking, code) => code.scopes.has('online_access'),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    revocation: { enabled: true },
  },
  extraParams: ['aud', 'launch'],
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, fhirUser: `${fhirBase}/Practitioner/nurse-1` }),
  }),
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  // Consent is given as soon as it is asked for.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope(ctx.oidc.params.scope);
    await grant.save();
    return grant;
  },
  cookies: { keys: ['for-tests-only'] },
});

const configuration = {
  issuer,
  authorization_endpoint: '/auth', // relative, as SMART allows
  token_endpoint: `${issuer}/token`,
  revocation_endpoint: `${issuer}/token/revocation`,
  token_endpoint_auth_methods_supported: ['private_key_jwt'],
  token_endpoint_auth_signing_alg_values_supported: ['RS384', 'ES384'],
  code_challenge_methods_supported: ['S256'],
  capabilities: ['launch-ehr', 'launch-standalone', 'client-confidential-asymmetric', 'sso-openid-connect', 'permission-v2'],
};

const loggedIn = { login: { accountId: 'nurse-1' } };

const ours = {
  '/fhir/.well-known/smart-configuration': async (ctx) => {
    ctx.body = configuration;
  },
  [`/fhir/Patient/${patient}`]: async (ctx) => {
    const shown = ctx.get('Authorization').replace(/^Bearer /, '');
    const token = (await provider.AccessToken.find(shown)) ?? (await provider.ClientCredentials.find(shown));
    ctx.status = token ? 200 : 401;
    ctx.body = token
      ? { resourceType: 'Patient', id: patient, name: [{ family: 'Testperson', given: ['Tilda'] }], birthDate: '1960-02-29' }
      : { resourceType: 'OperationOutcome', issue: [] };
  },
};

provider.use(async (ctx, next) => {
  if (ctx.path.startsWith('/interaction/')) {
    ctx.respond = false;
    return provider.interactionFinished(ctx.req, ctx.res, loggedIn);
  }
  if (ours[ctx.path]) return ours[ctx.path](ctx);
  await next();
  if (ctx.oidc?.route === 'token' && ctx.body?.id_token) ctx.body.patient = patient;
});

provider.on('server_error', (ctx, error) => console.error(error));
provider.listen(Number(PORT), '127.0.0.1');
