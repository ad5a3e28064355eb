"""Parts of HTML pages: templates, figures as data, numbers and words as markup."""
