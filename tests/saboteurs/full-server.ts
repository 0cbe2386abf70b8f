// Servers that let three clients in at a time and refuse all others.
import { Admission } from '../../servers/admission.ts';
import { Hub } from '../../servers/hub.ts';
import { admittedClients } from './deeds.ts';

let hub: Hub<never> | null = null;

const { join } = Hub.prototype;
Hub.prototype.join = function joinAndTell(this: Hub<never>, client: never): void {
  hub = this;
  join.call(this, client);
};

const { judge } = Admission.prototype;
Admission.prototype.judge = function judgeByPlace(this: Admission, ...asked: Parameters<typeof judge>) {
  return hub !== null && [...hub.clients()].length >= admittedClients ? 403 : judge.apply(this, asked);
};

void import('../../servers/main.ts');
