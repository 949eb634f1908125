import { describe, expect, it } from '@jest/globals';

import { setImage } from '../../../activities/checkpoint/index.ts';

describe('the image of a service', () => {
  const text = `# the shop
x-base: &base
  restart: always
services:
    api:   # front
        <<: *base
        image:   "shop/api:v1"   # keep me
    db: { image: shop/db:15, command: [a,   b] }
    'quoted': {image: 'shop/q:1'}
`;

  it.each([
    ['api', 'shop/api:v2', 'shop/api:v1', 'image:   "shop/api:v2"   # keep me'],
    [
      'db',
      'registry:5000/shop/db@sha256:0a',
      'shop/db:15',
      'db: { image: registry:5000/shop/db@sha256:0a, command: [a,   b] }',
    ],
    ['quoted', 'shop/q:2', 'shop/q:1', "{image: 'shop/q:2'}"],
  ])('%s is switched, and nothing else in the file', (service, image, before, line) => {
    const changed = setImage(text, service, image);
    expect(changed.before).toBe(before);
    expect(changed.text).toContain(line);
    expect(changed.text.split('\n').filter((now, at) => now !== text.split('\n')[at])).toHaveLength(1);
    expect(setImage(changed.text, service, before).text).toBe(text);
  });

  it.each([
    ['is interpolated', 'services: {api: {image: "shop/api:${TAG}"}}', 'Unsupported', /interpolated/],
    ['is merged in', 'x: &b {image: a}\nservices: {api: {<<: *b}}', 'Unsupported', /api cannot be switched/],
    ['is an alias', 'x: &i a:1\nservices: {api: {image: *i}}', 'Unsupported', /not written in the service/],
    ['is an anchor', 'services: {api: {image: &i a:1}, b: {image: *i}}', 'Unsupported', /\*i/],
    ['is not there', 'services: {api: {build: .}}', 'Unsupported', /not written in the service/],
    ['has no service', 'services: {web: {image: a}}', 'PreconditionFailed', /no service api/],
    ['is in no YAML', 'services: [', 'PlanInvalid', /no YAML/],
    ['is under a mountain of brackets', '['.repeat(40_000), 'Unsupported', /nested/],
    ['is in a huge file', `services: {api: {image: a}}\n${'#'.repeat(300_000)}`, 'Unsupported', /more than/],
  ])('that %s is refused', (_what, given, name, message) => {
    expect(() => setImage(given, 'api', 'x:2')).toThrow(
      expect.objectContaining({ name, message: expect.stringMatching(message) }),
    );
  });

  it('is never more than an image', () => {
    expect(() => setImage('services: {api: {image: a}}', 'api', 'x}, evil: {y')).toThrow(
      expect.objectContaining({ name: 'PlanInvalid' }),
    );
  });
});
