import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { AccountArea } from '../account/AccountArea.tsx';
import { FrontPage } from '../front/FrontPage.tsx';
import { RoomPage } from '../room/RoomPage.tsx';
import { WatchPage } from '../watch/WatchPage.tsx';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { Header } from './Header.tsx';
import { NotFoundPage } from './NotFoundPage.tsx';
import { ToastArea } from './Toast.tsx';

/** With cameras and connections, which watching does without: fetched when it is wanted. */
const CallPage = lazy(() => import('../call/CallPage.tsx'));
const GoLivePage = lazy(() => import('../golive/GoLivePage.tsx'));

export function App() {
  return (
    <ErrorBoundary>
      <ToastArea>
        <AccountArea>
          <Switch>
            <Route path="/" component={FrontPage} />
            <Route path="/watch/:stream">{({ stream }) => <WatchPage key={stream} stream={stream} />}</Route>
            <Route path="/room/:id">{({ id }) => <RoomPage key={id} roomId={id} />}</Route>
            <Route path="/golive">
              <Suspense fallback={<Header />}>
                <GoLivePage />
              </Suspense>
            </Route>
            <Route path="/call/:conference">
              {({ conference }) => (
                <Suspense fallback={<Header />}>
                  <CallPage key={conference} conference={conference} />
                </Suspense>
              )}
            </Route>
            <Route component={NotFoundPage} />
          </Switch>
        </AccountArea>
      </ToastArea>
    </ErrorBoundary>
  );
}
