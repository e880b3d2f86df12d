#pragma once

#include <string_view>

// The page of chat.cpp. It speaks to the server with nothing but the browser's WebSocket, so that
// the example needs no other file: a page of yours would load socket.io-client instead.
inline constexpr std::string_view kChatPage = R"html(<!doctype html>
<meta charset="utf-8"><title>chat</title>
<style>body{font:16px sans-serif;max-width:40em;margin:2em auto}#log{height:20em;overflow:auto;border:1px solid #ccc;padding:.5em}</style>
<h1>Chat</h1><div id="log"></div><p id="typing">&nbsp;</p>
<form><input id="text" autocomplete="off" size="50" placeholder="say something"> <button>Send</button></form>
<script>
const name = prompt('Your name?') || 'somebody';
const room = location.hash.slice(1) || 'lobby';
const socket = new WebSocket(location.origin.replace('http', 'ws') + '/socket.io/?EIO=4&transport=websocket');
const log = (line) => { const p = document.createElement('p'); p.textContent = line; document.getElementById('log').append(p); p.scrollIntoView(); };
const emit = (...args) => socket.send('42' + JSON.stringify(args));
const heard = {
  joined: (who) => log(who + ' came'), left: (who) => log(who + ' went'), said: (who, text) => log(who + ': ' + text),
  typing: (who) => { typing.textContent = who + ' is typing'; setTimeout(() => (typing.textContent = '\u00a0'), 1000); },
};
socket.onmessage = ({ data }) => {
  if (data === '2') socket.send('3');                                       // Engine.IO: ping, pong
  else if (data[0] === '0') socket.send('40' + JSON.stringify({ name }));   // Engine.IO: open; Socket.IO: connect to /
  else if (data.startsWith('40')) { emit('enter', room); log('You are in ' + room); }
  else if (data.startsWith('44')) log('Refused: ' + JSON.parse(data.slice(2)).message);
  else if (data.startsWith('42')) { const [event, ...args] = JSON.parse(data.slice(2)); heard[event]?.(...args); }
};
socket.onclose = () => log('Disconnected; reload to come back');
const text = document.getElementById('text'), typing = document.getElementById('typing');
text.oninput = () => emit('typing');
document.querySelector('form').onsubmit = (event) => {
  event.preventDefault();
  if (text.value) { emit('say', text.value); log(name + ': ' + text.value); text.value = ''; }
};
</script>
)html";
