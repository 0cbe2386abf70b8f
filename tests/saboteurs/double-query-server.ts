// Servers that ask the database twice for every snapshot.
import { Store } from '../../servers/store.ts';

const once = Store.prototype.snapshot;
Store.prototype.snapshot = async function twice(this: Store, audience: number) {
  await once.call(this, audience);
  return once.call(this, audience);
};

void import('../../servers/main.ts');
