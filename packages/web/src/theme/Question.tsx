import styles from './Question.module.css';

/** In the place of what it is about: whether something that can't be taken back is really meant. */
export function Question({
  text,
  yes,
  no,
  onYes,
  onNo,
}: {
  text: string;
  yes: string;
  no: string;
  onYes(): void;
  onNo(): void;
}) {
  return (
    <div className={styles.question}>
      <p>{text}</p>
      <span className={styles.answers}>
        <button type="button" className="button" onClick={onNo}>
          {no}
        </button>
        <button type="button" className={`button ${styles.yes}`} onClick={onYes}>
          {yes}
        </button>
      </span>
    </div>
  );
}
