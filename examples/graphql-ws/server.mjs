// A GraphQL subscription over graphql-ws: a subscriber hears of the next change, and of nothing before it.
import { EventEmitter, on } from 'node:events';
import { createServer } from 'node:http';
import { GraphQLFloat, GraphQLInt, GraphQLNonNull, GraphQLObjectType, GraphQLSchema } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const board = new EventEmitter().setMaxListeners(0);

/** `on` keeps what comes while a subscriber is still being told of the change before. */
async function* changes() {
  for await (const [dashboard] of on(board, 'change')) yield { dashboard };
}

const dashboard = new GraphQLObjectType({
  name: 'Dashboard',
  fields: { version: { type: new GraphQLNonNull(GraphQLFloat) }, open: { type: GraphQLInt } },
});
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { dashboard: { type: dashboard, resolve: () => null } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: { dashboard: { type: dashboard, subscribe: changes } },
  }),
});

const http = createServer((request, response) => {
  request.setEncoding('utf8');
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    board.emit('change', { open: 12, ...JSON.parse(body) });
    response.writeHead(204).end();
  });
});
useServer({ schema }, new WebSocketServer({ server: http, path: '/graphql' }));
http.listen(Number(process.env.PORT ?? 4103), '127.0.0.1');
