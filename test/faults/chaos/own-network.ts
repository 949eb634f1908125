import { execa } from 'execa';

/** The network namespace of a test's daemon, and the end of the wire to it on this machine. */
export const networkOf = (pid: number) => `sbt-${pid}`;

/** The first three numbers of every address in it. */
export const subnetOf = (pid: number) => `10.218.${pid % 256}`;

/** Where this machine reaches what is published in it. */
export const addressOf = (pid: number) => `${subnetOf(pid)}.66`;

/** Makes the network, with a wire to it. Needs root. */
export async function makeNetwork(pid: number): Promise<void> {
  const name = networkOf(pid);
  await ip('netns', 'add', name);
  await ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  await ip('address', 'add', `${subnetOf(pid)}.65/30`, 'dev', name);
  await ip('link', 'set', name, 'up');
  await ip('-netns', name, 'address', 'add', `${addressOf(pid)}/30`, 'dev', 'eth0');
  for (const device of ['lo', 'eth0']) await ip('-netns', name, 'link', 'set', device, 'up');
}

/** Removes it with all bridges in it; those that are not there are no mistake. */
export async function removeNetwork(pid: number): Promise<void> {
  await execa('ip', ['link', 'delete', networkOf(pid)], { reject: false });
  await execa('ip', ['netns', 'delete', networkOf(pid)], { reject: false });
}

const ip = (...words: string[]) => execa('ip', words);
