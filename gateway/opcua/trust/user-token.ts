import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  MessageSecurityMode,
  SecurityPolicy,
  UserTokenType,
  type EndpointDescription,
  type UserIdentityInfo,
  type UserNameIdentityToken,
  type UserTokenPolicy,
} from 'node-opcua';
import { describeError, JoulegateError } from '../../../broker/contract/error.ts';
import type { ServerConfig } from '../../config/schema.ts';
import { readCertificate } from './certificate-facts.ts';

/** How the gateway signs in at a server. */
export type SignIn = Pick<ServerConfig, 'username' | 'password' | 'userCertificate' | 'userPrivateKey'>;

type Settings = Pick<ServerConfig, 'name' | 'endpoint' | 'allowPlainPasswordToken'> & SignIn;

const openPolicy: string = SecurityPolicy.None;
/** Policies that may protect a secret or a proof of identity, from weak to strong. */
const sound: readonly string[] = [
  SecurityPolicy.Aes128_Sha256_RsaOaep,
  SecurityPolicy.Basic256Sha256,
  SecurityPolicy.Aes256_Sha256_RsaPss,
];

/**
 * The token policy of an endpoint that the user will be proved with: the strongest acceptable one, not the library's pick.
 * @throws JoulegateError ENDPOINT_REFUSED when there is none, or when a password would go over an unencrypted channel;
 * CONFIG_INVALID when user name and user certificate are both given, or only one half of the latter.
 */
export function chooseToken(server: Settings, endpoint: EndpointDescription): UserTokenPolicy {
  const type = tokenTypeOf(server);
  const offered = (endpoint.userIdentityTokens ?? []).filter(({ tokenType }) => tokenType === type);
  if (type === UserTokenType.UserName && endpoint.securityMode !== MessageSecurityMode.SignAndEncrypt) {
    throw refused(
      server,
      `would be used without encryption, so the password of user "${server.username ?? ''}" is not sent; enable SignAndEncrypt on the server and here, or remove username`,
    );
  }
  if (type === UserTokenType.Certificate && endpoint.securityMode === MessageSecurityMode.None) {
    throw refused(
      server,
      'would be used without security, so the user certificate is not sent; enable Sign or SignAndEncrypt on the server and here, or remove userCertificate',
    );
  }
  const [first] = offered;
  if (first === undefined) {
    const kinds = [...new Set((endpoint.userIdentityTokens ?? []).map(({ tokenType }) => kindNames[tokenType] ?? '?'))];
    throw refused(
      server,
      `does not let the gateway sign in ${kindNames[type] ?? ''}; it takes: ${kinds.join(', ') || 'nobody'}. Set username and password, or userCertificate and userPrivateKey, accordingly`,
    );
  }
  if (type === UserTokenType.Anonymous) return first;
  const protecting = offered
    .filter((policy) => rank(policy, endpoint) >= 0)
    .sort((a, b) => rank(b, endpoint) - rank(a, endpoint))[0];
  if (protecting !== undefined) return protecting;
  const plain = offered.find(({ securityPolicyUri }) => securityPolicyUri === openPolicy);
  if (plain !== undefined && type === UserTokenType.UserName && server.allowPlainPasswordToken === true) return plain;
  throw refused(
    server,
    plain !== undefined && type === UserTokenType.UserName
      ? 'takes the password only without a protection of its own (token policy None); let the server require a policy for user names, or set allowPlainPasswordToken: true to rely on the encrypted channel alone'
      : `protects ${type === UserTokenType.UserName ? 'passwords' : 'user certificates'} only with obsolete policies (${offered.map(({ securityPolicyUri }) => (securityPolicyUri ?? '').split('#')[1] ?? '?').join(', ')}); let the server offer Basic256Sha256 or better`,
  );
}

/** Whether a password token is encrypted for the server, or rests on an encrypted channel by a person's decision. */
export function isProtectedPassword(
  channel: {
    readonly securityMode: MessageSecurityMode;
    readonly tokenPolicy: UserTokenPolicy;
    readonly allowPlainToken: boolean;
  },
  token: UserNameIdentityToken,
): boolean {
  if (channel.securityMode !== MessageSecurityMode.SignAndEncrypt) return false;
  if (token.policyId !== channel.tokenPolicy.policyId) return false;
  return (token.encryptionAlgorithm ?? '') !== '' || channel.allowPlainToken;
}

/** What is handed to the library to sign in. @throws JoulegateError CONFIG_UNREADABLE, CONFIG_INVALID */
export async function userIdentity(server: Settings): Promise<UserIdentityInfo> {
  const { username, password, userCertificate, userPrivateKey } = server;
  if (username !== undefined) return { type: UserTokenType.UserName, userName: username, password: password ?? '' };
  if (userCertificate === undefined || userPrivateKey === undefined) return { type: UserTokenType.Anonymous };
  const certificateText = await readConfigured(server, 'userCertificate', userCertificate);
  const keyText = await readConfigured(server, 'userPrivateKey', userPrivateKey);
  try {
    const { der, notAfter, notBefore } = readCertificate(certificateText);
    const key = createPrivateKey(keyText);
    if (!new X509Certificate(der).checkPrivateKey(key)) throw new Error('they do not belong together');
    const now = Date.now();
    if (now > notAfter || now < notBefore) {
      throw new Error(
        `the certificate is valid from ${new Date(notBefore).toISOString()} to ${new Date(notAfter).toISOString()}`,
      );
    }
    return {
      type: UserTokenType.Certificate,
      certificateData: der,
      privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    };
  } catch (error) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `gateway.servers "${server.name}": ${userCertificate} and ${userPrivateKey} cannot be used (${describeError(error)}); give a certificate and its RSA key as PEM without a passphrase`,
      { cause: error },
    );
  }
}

const kindNames: Readonly<Record<number, string>> = {
  [UserTokenType.Anonymous]: 'anonymously',
  [UserTokenType.UserName]: 'by user name',
  [UserTokenType.Certificate]: 'by certificate',
  [UserTokenType.IssuedToken]: 'by issued token',
};

function tokenTypeOf({ name, username, userCertificate, userPrivateKey }: Settings): UserTokenType {
  const where = `gateway.servers "${name}"`;
  if ((userCertificate === undefined) !== (userPrivateKey === undefined)) {
    throw new JoulegateError(
      'CONFIG_INVALID',
      `${where}: userCertificate and userPrivateKey belong together; set both`,
    );
  }
  if (userCertificate !== undefined && username !== undefined) {
    throw new JoulegateError('CONFIG_INVALID', `${where}: sign in by username or by userCertificate, not by both`);
  }
  if (username !== undefined) return UserTokenType.UserName;
  return userCertificate === undefined ? UserTokenType.Anonymous : UserTokenType.Certificate;
}

/** A policy that is left out is the channel's (OPC 10000-4, 7.41); an obsolete channel was named by a person. */
function rank({ securityPolicyUri }: UserTokenPolicy, endpoint: EndpointDescription): number {
  if (securityPolicyUri === null || securityPolicyUri === '')
    return Math.max(0, sound.indexOf(endpoint.securityPolicyUri ?? ''));
  if (sound.includes(securityPolicyUri)) return sound.indexOf(securityPolicyUri);
  const sameAsChannel = securityPolicyUri === endpoint.securityPolicyUri && securityPolicyUri !== openPolicy;
  return sameAsChannel ? 0 : -1;
}

async function readConfigured({ name }: Settings, key: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new JoulegateError(
      'CONFIG_UNREADABLE',
      `gateway.servers "${name}" ${key}: ${path} cannot be read (${describeError(error)}); give the path of a PEM file this user may read`,
      { cause: error },
    );
  }
}

const refused = ({ endpoint }: Settings, what: string): JoulegateError =>
  new JoulegateError('ENDPOINT_REFUSED', `endpoint ${endpoint} ${what}`);
