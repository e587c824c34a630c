// The officer's desk. Each part works by itself; without any of them the page is links and forms.
import { startAnswers } from "../desk/answers.js";
import { startChoices } from "../desk/choices.js";
import { startCopy } from "../desk/copy.js";
import { startDialogs } from "../desk/dialogs.js";
import { startFiles } from "../desk/files.js";
import { startForms } from "../desk/forms.js";
import { startGuards } from "../desk/guards.js";
import { startKeys } from "../desk/keys.js";
import { startList } from "../desk/list.js";
import { startMenus } from "../desk/menus.js";
import { startNews } from "../desk/news.js";
import { startTemplates } from "../desk/templates.js";

startMenus();
startAnswers();
startGuards();
startDialogs();
startChoices();
startForms();
startFiles();
startCopy();
startList();
startKeys();
startNews();
startTemplates();
