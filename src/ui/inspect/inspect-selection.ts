/** What of an image is wanted; null: all. */
export interface InspectSelection {
  /** A page number. */
  readonly frame: number | null;
  readonly source: number | null;
}
