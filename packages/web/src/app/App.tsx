import { Route, Switch } from 'wouter';
import { FrontPage } from '../front/FrontPage.tsx';
import { WatchPage } from '../watch/WatchPage.tsx';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { NotFoundPage } from './NotFoundPage.tsx';
import { ToastArea } from './Toast.tsx';

export function App() {
  return (
    <ErrorBoundary>
      <ToastArea>
        <Switch>
          <Route path="/" component={FrontPage} />
          <Route path="/watch/:stream">{({ stream }) => <WatchPage key={stream} stream={stream} />}</Route>
          <Route component={NotFoundPage} />
        </Switch>
      </ToastArea>
    </ErrorBoundary>
  );
}
