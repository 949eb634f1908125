import { spawn, type ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { makeNetwork, networkOf, removeNetwork } from './own-network.ts';

/** A Docker daemon of the test's own, with its own data, socket and network: one that may be killed. Needs root. */
export class OwnDaemon {
  #process: ChildProcess | undefined;

  private constructor(readonly folder: string) {}

  /** @param images copied from the daemon that is there */
  static async start(folder: string, images: string[]): Promise<OwnDaemon> {
    await mkdir(folder, { recursive: true });
    await makeNetwork(process.pid);
    const daemon = new OwnDaemon(folder);
    await daemon.up();
    for (const image of images) {
      const save = execa('docker', ['save', image], { stdout: 'pipe', encoding: 'buffer', buffer: false });
      await save.pipe('docker', ['load'], { env: { DOCKER_HOST: daemon.host }, stdout: 'ignore' });
    }
    return daemon;
  }

  get socket(): string {
    return join(this.folder, 'docker.sock');
  }
  get host(): string {
    return `unix://${this.socket}`;
  }

  async up(): Promise<void> {
    // After SIGKILL these stay: a daemon takes any process with that pid for itself, and waits for a containerd that is gone.
    for (const trace of ['docker.pid', 'run/containerd/containerd.pid', 'run/containerd/containerd.sock'])
      await rm(join(this.folder, trace), { force: true });
    const log = openSync(join(this.folder, 'dockerd.log'), 'a');
    const words = [
      ...['--data-root', join(this.folder, 'data'), '--exec-root', join(this.folder, 'run')],
      ...['--pidfile', join(this.folder, 'docker.pid'), '--host', this.host],
      ...['--bridge', 'none', '--iptables=false', '--ip6tables=false'],
      ...['--default-address-pool', 'base=10.219.0.0/16,size=26'],
    ];
    // In a network of its own: a daemon that starts again after SIGKILL may remove docker0, which is not ours.
    const network = `--net=/var/run/netns/${networkOf(process.pid)}`;
    this.#process = spawn('nsenter', [network, 'dockerd', ...words], { stdio: ['ignore', log, log], detached: true });
    for (const deadline = Date.now() + 60_000; ;) {
      const said = await execa('docker', ['version'], {
        env: { DOCKER_HOST: this.host },
        reject: false,
        timeout: 5000,
      });
      if (said.exitCode === 0) return;
      if (Date.now() > deadline) throw new Error(`dockerd does not answer: ${join(this.folder, 'dockerd.log')}`);
      await wait(200);
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const daemon = this.#process;
    if (daemon?.exitCode !== null || daemon.signalCode !== null) return;
    const gone = new Promise((resolve) => daemon.once('exit', resolve));
    daemon.kill(signal);
    await gone;
  }

  /** Ends the daemon with its containers and networks. */
  async stop(): Promise<void> {
    const env = { DOCKER_HOST: this.host };
    const { stdout } = await execa('docker', ['ps', '-aq'], { env, reject: false });
    const all = stdout.split('\n').filter((line) => line !== '');
    if (all.length > 0) await execa('docker', ['rm', '--force', ...all], { env, reject: false });
    await execa('docker', ['network', 'prune', '--force'], { env, reject: false });
    await this.kill('SIGTERM');
    await removeNetwork(process.pid);
  }
}
