/** Whether a volume has its data in memory: it is mounted only while somebody uses it. */
export const isInMemory = (volume: { Driver: string; Options: Record<string, string> | null } | undefined): boolean =>
  volume?.Driver === 'local' && ['tmpfs', 'ramfs'].includes(volume.Options?.['type'] ?? '');
