/**
 * Coming into a group by a Welcome, following it through the commits of others, and coming back to one that can't be followed: the part of
 * the facade that a device without company does not need.
 */
export { dataOfInfo, stageArrival, type Comer } from './arriving.ts';
export { infoKeyIn, openGroupInfo } from './groupInfo.ts';
export { inviterOf, joinFromWelcome, welcomeRefs } from './join.ts';
export { createPlea, groupOfAnswer, openAnswer, readPlea, sealToPlea } from './plea.ts';
export { createJoinLink, keyOfLink, openDoor, tokenOfLink } from './joinLink.ts';
export { processCommit } from './received.ts';
export { stageReturn } from './returning.ts';
