/** Letters and digits that are not mistaken for one another, read aloud or typed. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A name for a call that nobody guesses: three groups of four. */
export function randomConference(): string {
  const draws = crypto.getRandomValues(new Uint32Array(12));
  const letters = [...draws].map((draw) => ALPHABET[draw % ALPHABET.length]).join('');
  return letters.replace(/(.{4})(?=.)/g, '$1-');
}
