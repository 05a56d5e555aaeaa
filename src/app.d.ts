declare global {
  namespace App {
    interface PageState {
      /** Which door a newcomer stands at; in the history, so that the back button works. */
      doorStep?: 'create' | 'have' | 'restore';
      /** The person came to write. */
      isWriting?: true;
    }
  }
}

export {};
