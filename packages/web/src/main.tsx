import './theme/tokens.css';
import './theme/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.tsx';
import { reloadWhenReplaced } from './app/replaced-build.ts';
import { setUpLanguages } from './i18n/i18n.ts';

setUpLanguages();
reloadWhenReplaced();

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
