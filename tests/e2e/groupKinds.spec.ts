import AxeBuilder from '@axe-core/playwright';
import { expect, getToKnow, goTo, message, PASSPHRASE, send, test, type Person } from './fixtures.ts';

/** Opens the form of a new group with a kind chosen, and makes it. */
async function startKind({ page }: Person, name: string, kind: string, password?: string): Promise<void> {
  await goTo(page, 'Chats');
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('button', { name: 'New group' }).click();
  await page.getByRole('textbox', { name: 'Group name' }).fill(name);
  await page.getByText('Kind of group: Private').click();
  await page.getByRole('radio', { name: kind }).check();
  if (password !== undefined) await page.getByRole('textbox', { name: 'Password of the group' }).fill(password);
  await page.getByRole('button', { name: 'Create group' }).click();
  await expect(page.getByRole('textbox', { name: 'Message' })).toBeVisible();
}

async function linkOf({ page }: Person): Promise<string> {
  await page.getByRole('button', { name: 'Conversation details' }).click();
  await page.getByRole('button', { name: 'Join link' }).click();
  const field = page.getByRole('textbox', { name: 'Link', exact: true });
  await expect(field).toHaveValue(/\/join#cairn1-group:/);
  await expect(page.getByRole('img', { name: 'QR code of the join link' })).toBeVisible();
  return field.inputValue();
}

/** The link as it leads to somebody's own way to the relay. */
const pathOf = (link: string): string => link.slice(link.indexOf('/join#'));

test('a public group is joined by its link, which no server sees; a changed link leads nowhere', async ({ join }) => {
  const [ana, bo, cy] = [await join('Ana'), await join('Bo'), await join('Cy')];
  await getToKnow(ana, bo);
  await startKind(ana, 'Choir', 'Public');
  const link = await linkOf(ana);

  const asked: string[] = [];
  cy.page.on('request', (request) => asked.push(request.url()));
  await cy.page.goto(cy.cable.origin + pathOf(link));
  await cy.page.getByRole('textbox', { name: 'Passphrase' }).fill(PASSPHRASE);
  await cy.page.getByRole('button', { name: 'Unlock' }).click();
  await expect(cy.page.getByRole('heading', { name: 'Choir' })).toBeVisible();
  expect(cy.page.url()).not.toContain('cairn1-group');
  const secret = link.slice(link.indexOf('group:') + 6);
  expect(asked.filter((url) => url.split('#')[0]?.includes(secret))).toEqual([]);
  await cy.page.getByRole('button', { name: 'Join', exact: true }).click();
  await send(cy.page, 'hello from outside');

  await ana.page.getByRole('button', { name: 'New link' }).click();
  await ana.page.getByRole('button', { name: 'New link' }).click();
  await expect(ana.page.getByRole('textbox', { name: 'Link', exact: true })).not.toHaveValue(link);
  await ana.page.keyboard.press('Escape');
  await expect(message(ana.page, 'hello from outside')).toBeVisible();

  await goTo(bo.page, 'Chats');
  await bo.page.getByRole('button', { name: 'New chat' }).click();
  await bo.page.getByRole('button', { name: 'Join a group' }).click();
  await bo.page.getByRole('textbox', { name: 'Link' }).fill(link);
  await bo.page.getByRole('button', { name: 'Look' }).click();
  await expect(bo.page.getByText('leads nowhere any more')).toBeVisible();
});

test('a public group is listed, found and joined, and its link turned off in the list of links', async ({ join }) => {
  const [ana, bo] = [await join('Ana'), await join('Bo')];
  await getToKnow(ana, bo);
  await startKind(ana, 'Lighthouse choir', 'Public');
  await goTo(ana.page, 'You');
  await ana.page.getByRole('link', { name: 'Links that are out' }).click();
  await ana.page.getByRole('switch', { name: 'In the public directory' }).check();
  await expect(ana.page.getByText('Everybody at this relay can find it until')).toBeVisible();
  expect((await new AxeBuilder({ page: ana.page }).analyze()).violations).toEqual([]);

  const { page } = bo;
  await goTo(page, 'Chats');
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('button', { name: 'Join a group' }).click();
  await page.getByRole('textbox', { name: 'Words in the name' }).fill('lighthouse');
  await page.getByRole('button', { name: 'Find groups' }).click();
  const found = page.getByRole('list', { name: 'Public groups' }).getByRole('button', { name: 'Lighthouse choir' });
  await expect(found).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await found.click();
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await send(page, 'found you');

  await ana.page.getByRole('button', { name: 'Turn this link off' }).click();
  await expect(ana.page.getByText('No link is out')).toBeVisible();
});

test('a group with a password tells a wrong one', async ({ join }) => {
  const [ana, bo] = [await join('Ana'), await join('Bo')];
  await getToKnow(ana, bo);
  await startKind(ana, 'Cellar', 'With a password', 'open sesame');
  const link = await linkOf(ana);
  const { page } = bo;
  await goTo(page, 'Chats');
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('button', { name: 'Join a group' }).click();
  await page.getByRole('textbox', { name: 'Link' }).fill(link);
  await page.getByRole('button', { name: 'Look' }).click();
  await expect(page.getByText('This group asks for a password')).toBeVisible();
  await page.getByRole('textbox', { name: 'Password of the group' }).fill('sesame');
  await page.getByRole('button', { name: 'Look' }).click();
  await expect(page.getByText('This is not the password')).toBeVisible();
  await page.getByRole('textbox', { name: 'Password of the group' }).fill('open sesame');
  await page.getByRole('button', { name: 'Look' }).click();
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await send(page, 'in');
});
