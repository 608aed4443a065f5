/** `control` overtakes what waits in `normal`: cancel, moved, drain. */
export type Lane = 'control' | 'normal';
