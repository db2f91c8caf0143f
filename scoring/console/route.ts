/** Screens in the order of the navigation. */
export const screens = ['plant', 'intensity', 'target', 'ranking', 'flow', 'baseline', 'health', 'setup'] as const;
export type Screen = (typeof screens)[number];

/** Where the page is: a screen and the object it is about; "" is the site. */
export type Route = { readonly screen: Screen; readonly path: string };

/** Reads `#/screen/area/line/machine`; an address without a screen is an object of the plant. */
export function parseRoute(hash: string): Route {
  let text: string;
  try {
    text = decodeURIComponent(hash.replace(/^#\/?/, ''));
  } catch {
    return { screen: 'plant', path: '' };
  }
  const [first = '', ...rest] = text.split('/');
  const screen = screens.find((one) => one === first);
  return screen === undefined ? { screen: 'plant', path: text } : { screen, path: rest.join('/') };
}

/** The address of a route. */
export function formatRoute({ screen, path }: Route): string {
  return `#/${[screen, ...(path === '' ? [] : path.split('/'))].map(encodeURIComponent).join('/')}`;
}
