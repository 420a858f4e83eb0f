import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { FrontPage } from '../front/FrontPage.tsx';
import { WatchPage } from '../watch/WatchPage.tsx';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { NotFoundPage } from './NotFoundPage.tsx';
import { ToastArea } from './Toast.tsx';

/** With cameras and connections, which watching does without: fetched when it is wanted. */
const CallPage = lazy(() => import('../call/CallPage.tsx'));

export function App() {
  return (
    <ErrorBoundary>
      <ToastArea>
        <Switch>
          <Route path="/" component={FrontPage} />
          <Route path="/watch/:stream">{({ stream }) => <WatchPage key={stream} stream={stream} />}</Route>
          <Route path="/call/:conference">
            {({ conference }) => (
              <Suspense>
                <CallPage key={conference} conference={conference} />
              </Suspense>
            )}
          </Route>
          <Route component={NotFoundPage} />
        </Switch>
      </ToastArea>
    </ErrorBoundary>
  );
}
