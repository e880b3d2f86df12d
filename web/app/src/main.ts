import { mount } from 'svelte';
import App from './App.svelte';
import { chooseLanguage } from './i18n/index.js';
import { routeOf } from './lib/route.js';
import './styles/tokens.css';
import './styles/base.css';

const address = new URL(location.href);
const wanted = [address.searchParams.get('lang') ?? '', ...navigator.languages];
const language = chooseLanguage(wanted);
document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';

const target = document.getElementById('app');
if (target) mount(App, { target, props: { language, route: routeOf(address) } });
