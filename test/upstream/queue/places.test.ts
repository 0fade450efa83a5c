import { describe, expect, it } from 'vitest';
import { Places, type Takers } from '../../../src/upstream/queue/places.ts';

/** Records what it is offered. */
function offeredTo(places: Places, name: string, offers: string[], uses = false): void {
  const useFreePlace = (takers: Takers) => {
    offers.push(`${name}: ${takers}`);
    if (uses) places.take(name, 1);
  };
  places.addQueue({ useFreePlace });
}

describe('Places', () => {
  it('a place is free again when its call has ended', () => {
    const places = new Places(2);
    places.take('a', 1);
    places.take('b', 1);
    expect(places.free).toBe(0);
    places.giveBack('a');
    expect(places.free).toBe(1);
  });

  it('held places are not free, and a call takes one of them', () => {
    const places = new Places(3);
    places.hold(2);
    expect(places.free).toBe(1);
    places.takeHeld('a', 1);
    expect(places.free).toBe(1);
    places.release(1);
    expect(places.free).toBe(2);
  });

  it('a user is at their share only while another user waits', () => {
    const places = new Places(4);
    for (let call = 0; call < 3; call += 1) places.take('a', 1);
    expect(places.isAtShare('a')).toBe(false);
    places.beginWait('a', 1);
    expect(places.isAtShare('a')).toBe(false);
    places.beginWait('b', 1);
    expect(places.isAtShare('a')).toBe(true);
    expect(places.isAtShare('b')).toBe(false);
    places.endWait('b');
    expect(places.isAtShare('a')).toBe(false);
  });

  it('the share goes by weight, and is rounded up', () => {
    const places = new Places(10);
    places.beginWait('light', 1);
    places.beginWait('heavy', 3);
    for (let call = 0; call < 2; call += 1) places.take('light', 1);
    for (let call = 0; call < 7; call += 1) places.take('heavy', 3);
    expect([places.isAtShare('light'), places.isAtShare('heavy')]).toEqual([false, false]);
    places.take('light', 1);
    expect([places.isAtShare('light'), places.isAtShare('heavy')]).toEqual([true, false]);
  });

  it('a user who neither runs nor waits has no share', () => {
    const places = new Places(4);
    places.take('gone', 5);
    places.giveBack('gone');
    places.take('a', 1);
    places.beginWait('b', 1);
    expect(places.isAtShare('a')).toBe(false);
    places.take('a', 1);
    expect(places.isAtShare('a')).toBe(true);
  });

  it('a freed place is offered while a call waits: first to users below their share, then to all', () => {
    const places = new Places(1);
    const offers: string[] = [];
    offeredTo(places, 'x', offers);
    offeredTo(places, 'y', offers);
    places.take('a', 1);
    places.giveBack('a');
    expect(offers).toEqual([]);
    places.take('a', 1);
    places.beginWait('b', 1);
    places.giveBack('a');
    expect(offers.map((offer) => offer.slice(3))).toEqual([
      'below-share',
      'below-share',
      'all',
      'all',
    ]);
  });

  it('the queues are offered freed places in turn', () => {
    const places = new Places(1);
    const offers: string[] = [];
    for (const name of ['x', 'y', 'z']) offeredTo(places, name, offers, true);
    places.beginWait('b', 1);
    places.take('a', 1);
    places.giveBack('a');
    const [first = ''] = offers;
    places.giveBack(first.slice(0, 1));
    places.giveBack((offers[1] ?? '').slice(0, 1));
    expect(offers.map((offer) => offer.slice(0, 1)).sort()).toEqual(['x', 'y', 'z']);
  });
});
