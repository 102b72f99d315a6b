/** Most pages one listing follows; beyond it a caller should filter. */
const PAGES_MAX = 1000;

/** All items of a paged list, page by page. */
export async function* allPages<Page extends { readonly nextPageToken: string }, Item>(
  fetchPage: (pageToken: string) => Promise<Page>,
  itemsOf: (page: Page) => readonly Item[],
): AsyncGenerator<Item> {
  let token = "";
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const fetched = await fetchPage(token);
    yield* itemsOf(fetched);
    token = fetched.nextPageToken;
    if (token === "") return;
  }
}
