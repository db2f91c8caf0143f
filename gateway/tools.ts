export { browseServer, openKnownServer, type BrowseResult, type KnownServer } from './opcua/discovery/browse-server.ts';
export { checkConnection, type ConnectionReport } from './opcua/discovery/check-connection.ts';
export { discoverPlant, type Discovery } from './opcua/discovery/discover-plant.ts';
export { previewValue } from './opcua/discovery/node-text.ts';
export { quietLibrary } from './opcua/discovery/quiet-library.ts';
export type { SessionTarget } from './opcua/open-session.ts';
