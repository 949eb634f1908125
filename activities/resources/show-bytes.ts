const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes as `docker stats` writes them: four figures and a binary unit, e.g. `12.34MiB`. */
export function showBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${Number((bytes / 1024 ** power).toPrecision(4))}${units[power]}`;
}
