import type { ServiceSketch } from './stack-sketch.ts';

/** An address that a check can ask, and whether the Compose file itself says that it answers. */
export interface HttpSketch {
  service: string;
  url: string;
  known: boolean;
}

/** Ports that usually speak HTTP. */
const httpPorts = [80, 3000, 4000, 5000, 8000, 8080, 8081, 8090, 8888, 9000];

/** The addresses of a service on this host. Only a health check is proof that a path answers; other paths are guesses. */
export function recogniseHttp(service: ServiceSketch): HttpSketch[] {
  return service.ports.flatMap(({ target, published, ip = '127.0.0.1', protocol }) => {
    if (published === undefined || protocol !== 'tcp') return [];
    const path = healthPath(service.healthcheck, target);
    if (path === undefined && !httpPorts.includes(target)) return [];
    // Of a range Docker takes the first port that is free; what a running container has was looked up.
    const port = published.replace(/-.*$/, '');
    const host = ip.includes(':') ? `[${ip}]` : ip;
    return [{ service: service.name, url: `http://${host}:${port}${path ?? '/'}`, known: path !== undefined }];
  });
}

function healthPath(words: readonly string[], target: number): string | undefined {
  for (const word of words) {
    const url = /(https?):\/\/[\w.-]+(?::(\d+))?(\/[\w./?=&-]*)?/.exec(word);
    if (url && Number(url[2] ?? (url[1] === 'https' ? 443 : 80)) === target)
      return url[1] === 'https' ? undefined : (url[3] ?? '/');
  }
  // A checker of the image's own: `["http-ok", "8080", "/health"]`.
  if (!words.includes(`${target}`)) return undefined;
  return words.find((word) => /^\/[\w./-]*$/.test(word) && !/^\/(usr|bin|opt|app|etc)\//.test(word));
}
