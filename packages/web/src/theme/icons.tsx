import type { ReactNode } from 'react';

interface IconProps {
  size?: number;
}

/** The app's pictograms: 24 units square, lines of 2, in the colour of the text. Decoration: the text beside names the thing. */
function Icon({ size = 24, children }: IconProps & { children?: ReactNode }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

export const PlayIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M8 5.2v13.6L19 12z" fill="currentColor" />
  </Icon>
);
export const PauseIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M8.5 5.5v13M15.5 5.5v13" strokeWidth="3.4" />
  </Icon>
);
export const SoundIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z" fill="currentColor" />
    <path d="M15.5 9a4.2 4.2 0 0 1 0 6M18.2 6.3a8 8 0 0 1 0 11.4" />
  </Icon>
);
export const MutedIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5z" fill="currentColor" />
    <path d="m16 9.5 5 5M21 9.5l-5 5" />
  </Icon>
);
export const FullscreenIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5" />
  </Icon>
);
export const ExitFullscreenIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5" />
  </Icon>
);
export const PictureInPictureIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M10 19H4.5A1.5 1.5 0 0 1 3 17.5v-11A1.5 1.5 0 0 1 4.5 5h15A1.5 1.5 0 0 1 21 6.5V10" />
    <rect x="13" y="13" width="8" height="6" rx="1.2" fill="currentColor" />
  </Icon>
);
export const TuneIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M4 7h9M19 7h1M4 17h1M11 17h9" />
    <circle cx="16" cy="7" r="2.6" />
    <circle cx="8" cy="17" r="2.6" />
  </Icon>
);
export const ChartIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M5 20v-6M12 20V4M19 20v-9" strokeWidth="2.6" />
  </Icon>
);
export const ShareIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M12 15V4M7.5 8 12 3.5 16.5 8M5 12.5v6A1.5 1.5 0 0 0 6.5 20h11a1.5 1.5 0 0 0 1.5-1.5v-6" />
  </Icon>
);
export const InfoIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M12 11.2v5M12 7.8v.1" />
  </Icon>
);
export const BackIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M14.5 5.5 8 12l6.5 6.5" />
  </Icon>
);
export const EyeIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M2.5 12S6 5.8 12 5.8 21.5 12 21.5 12 18 18.2 12 18.2 2.5 12 2.5 12z" />
    <circle cx="12" cy="12" r="2.8" />
  </Icon>
);
export const CopyIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="8.5" y="8.5" width="11.5" height="11.5" rx="2" />
    <path d="M15.5 8.5V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7.5a2 2 0 0 0 2 2h2.5" />
  </Icon>
);
export const CheckIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m5 12.5 4.5 4.5L19 7.5" />
  </Icon>
);
export const CloseIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m6 6 12 12M18 6 6 18" />
  </Icon>
);
export const OfflineIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M2.5 9.2a14 14 0 0 1 5-3M21.5 9.2A14 14 0 0 0 11.6 5.4M6 13a9 9 0 0 1 4.3-2.4M18 13a9 9 0 0 0-2.2-1.6M9.4 16.4a4.2 4.2 0 0 1 5.2 0M12 19.9v.1" />
    <path d="m4 3 16 18" />
  </Icon>
);
export const AlertIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M12 4 2.8 19.5h18.4z" />
    <path d="M12 10v4.2M12 16.9v.1" />
  </Icon>
);
/** A camera's lens with waves: live, or about to be. */
export const BroadcastIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="12" cy="12" r="2.6" fill="currentColor" />
    <path d="M7.8 16.2a6 6 0 0 1 0-8.4M16.2 7.8a6 6 0 0 1 0 8.4M4.9 19.1a10 10 0 0 1 0-14.2M19.1 4.9a10 10 0 0 1 0 14.2" />
  </Icon>
);
export const MicrophoneIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="9" y="3.5" width="6" height="10.5" rx="3" fill="currentColor" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
  </Icon>
);
export const MicrophoneOffIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M15 9V6.5a3 3 0 0 0-5.6-1.5M9 9v2a3 3 0 0 0 4.6 2.5" fill="none" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 10.4 5.2M18.5 11.5c0 1-.2 1.9-.6 2.7M12 18v3M4 3.5l16 17" />
  </Icon>
);
export const CameraIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="3" y="6.5" width="12.5" height="11" rx="2.5" fill="currentColor" />
    <path d="m19 9.8 2.2-1.3v7L19 14.2z" fill="currentColor" />
  </Icon>
);
export const CameraOffIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M9.5 6.5H13a2.5 2.5 0 0 1 2.5 2.5v3.5M15.5 16a2.5 2.5 0 0 1-2.5 1.5H5.5A2.5 2.5 0 0 1 3 15V9a2.5 2.5 0 0 1 2-2.4" />
    <path d="m19 9.8 2.2-1.3v7L19 14.2zM4 3.5l16 17" />
  </Icon>
);
export const ScreenIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="3" y="4.5" width="18" height="12.5" rx="2" />
    <path d="M12 13.5v-5.5M9.5 10.2 12 7.7l2.5 2.5M8.5 20.5h7" />
  </Icon>
);
export const LeaveIcon = (props: IconProps) => (
  <Icon {...props}>
    <path
      d="M3 14.5v-1.8C3 9.9 7 8.5 12 8.5s9 1.4 9 4.2v1.8a1.5 1.5 0 0 1-1.7 1.5l-2.6-.4a1.5 1.5 0 0 1-1.3-1.5v-1.6a13 13 0 0 0-6.8 0v1.6a1.5 1.5 0 0 1-1.3 1.5L4.7 16A1.5 1.5 0 0 1 3 14.5z"
      fill="currentColor"
      stroke="none"
    />
  </Icon>
);
export const PeopleIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="9" cy="8.5" r="3.5" />
    <path d="M2.8 19.5c.5-3.3 3-5.3 6.2-5.3s5.7 2 6.2 5.3M15.8 5.3a3.5 3.5 0 0 1 0 6.4M18 14.8c1.8.8 2.9 2.4 3.2 4.7" />
  </Icon>
);
export const LanguageIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="12" cy="12" r="8.5" />
    <path d="M3.5 12h17M12 3.5c3 2.6 3.6 5.6 3.6 8.5s-.6 5.9-3.6 8.5c-3-2.6-3.6-5.6-3.6-8.5s.6-5.9 3.6-8.5z" />
  </Icon>
);

/** The outline of a heart, in 24 units square. */
export const HEART = 'M12 20.3S3.6 15.4 3.6 9.4A4.7 4.7 0 0 1 12 6.5a4.7 4.7 0 0 1 8.4 2.9c0 6-8.4 10.9-8.4 10.9z';
export const HeartIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d={HEART} fill="currentColor" />
  </Icon>
);
export const GiftIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M4.5 11.5h15V20h-15zM3.5 7.5h17v4h-17zM12 7.5V20" />
    <path d="M12 7.5S10.8 3.5 8.4 3.5a2 2 0 0 0 0 4zM12 7.5s1.2-4 3.6-4a2 2 0 0 1 0 4z" />
  </Icon>
);
/** Two speech bubbles: talking together, on air. */
export const SeatIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="9" cy="9" r="3.5" />
    <path d="M2.8 20c.4-3.4 3-5.4 6.2-5.4 1.4 0 2.7.4 3.8 1.1M18 13v7M14.5 16.5h7" />
  </Icon>
);
export const DanmakuIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="3" y="5" width="18" height="14" rx="3" />
    <path d="M7 10h6M16 10h1M7 14h2M12 14h5" />
  </Icon>
);
export const SendIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="m4.5 12 15.5-7.5L15 20l-3.2-6.3z" fill="currentColor" />
  </Icon>
);
export const SearchIcon = (props: IconProps) => (
  <Icon {...props}>
    <circle cx="10.8" cy="10.8" r="6.3" />
    <path d="m15.6 15.6 4.4 4.4" />
  </Icon>
);
export const MoreIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M5.5 12v.1M12 12v.1M18.5 12v.1" strokeWidth="3.2" />
  </Icon>
);
export const BattleIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M13 3 5.5 13.5H11L10 21l8-11h-5.8z" fill="currentColor" />
  </Icon>
);
export const LockIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="5" y="10.5" width="14" height="9.5" rx="2.5" />
    <path d="M8.2 10.5V8a3.8 3.8 0 0 1 7.6 0v2.5" />
  </Icon>
);
export const PictureIcon = (props: IconProps) => (
  <Icon {...props}>
    <rect x="3.5" y="5" width="17" height="14" rx="2.5" />
    <circle cx="9" cy="10" r="1.6" />
    <path d="m4.5 17 5-4.5 3.5 3 3-2.5 4 3.5" />
  </Icon>
);
export const FlipIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M12 4v16M8.5 8 4 16.5h4.5zM15.5 8l4.5 8.5h-4.5z" />
  </Icon>
);
export const SwitchIcon = (props: IconProps) => (
  <Icon {...props}>
    <path d="M4.5 12a7.5 7.5 0 0 1 13-5.1L19.5 9M19.5 4v5h-5M19.5 12a7.5 7.5 0 0 1-13 5.1L4.5 15M4.5 20v-5h5" />
  </Icon>
);

/** The sign of the product: two rings that interlock. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="10 10 44 44"
      fill="none"
      strokeWidth="6"
      aria-hidden="true"
      focusable="false"
    >
      <circle cx="25" cy="32" r="12" stroke="var(--accent)" />
      <circle cx="39" cy="32" r="12" stroke="var(--text)" />
      <path d="M26.05 20.05A12 12 0 0 1 35.6 26.37" stroke="var(--accent)" />
    </svg>
  );
}
